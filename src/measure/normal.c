/*
 * normal.c: quantiles of the standard normal distribution.
 */
#include "segmentation.h"

#include <math.h>

#include "measure/nps.h"

/*
 * A first guess.  Towards 1 it is off by less than 4.5e-4 (Abramowitz and
 * Stegun, Handbook of Mathematical Functions, 26.2.23); towards 0 the
 * distribution is as good as linear.
 */
static double
first_guess(double confidence)
{
	double		t;

	if (confidence < 0.5)
		return confidence * sqrt(M_PI / 2);
	t = sqrt(-2 * log((1 - confidence) / 2));
	return t - (2.515517 + t * (0.802853 + t * 0.010328)) /
		(1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

/*
 * How many standard errors to both sides of the mean hold a share of
 * confidence: the z of erf(z / sqrt(2)) = confidence.  Halley's iteration
 * triples the correct digits in each step, so that three reach the limit of
 * double precision.  Towards 1, erfc keeps the digits that erf rounds away.
 */
double
normal_two_sided_quantile(double confidence)
{
	double		z = first_guess(confidence);

	for (int i = 0; i < 3; i++)
	{
		double		density = 2 * exp(-z * z / 2) / sqrt(2 * M_PI);
		double		excess = confidence < 0.5 ?
		erf(z / sqrt(2)) - confidence :
		(1 - confidence) - erfc(z / sqrt(2));
		double		newton = excess / density;

		z -= newton / (1 + z * newton / 2);
	}
	return z;
}
