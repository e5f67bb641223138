// What test/t/clients.pl runs on node: writes its table of vectors through
// parameters, in text and in binary, reads it again, and prints what it read.
// segmentation.js is the code of doc/clients.md.
const { Client } = require('pg')
const { Price, parseRow, formatRow, register, segmentBytes, priceBytes } = require(process.argv[2])

const print = (value) =>
  value === null ? '-' : Array.isArray(value) ? `[${value.map(print).join(' ')}]` : String(value)

async function refusal(client, type, value) {
  try {
    await client.query(`SELECT $1::${type}`, [value])
    return 'none'
  } catch (error) {
    return `${error.code} ${error.hint}`
  }
}

async function main() {
  const client = new Client()
  await client.connect()
  const vectors = (await client.query('SELECT * FROM vector ORDER BY n')).rows
  const segments = vectors.map((row) => row.segment)
  const prices = vectors.map((row) => row.amount && new Price(row.amount, row.currency))
  await register(client, 'segment_id', String)
  await register(client, 'currency_price', Price.parse)
  await register(client, 'offer', (text) => {
    const [segment, price] = parseRow(text)
    return [segment, price && Price.parse(price)]
  })

  for (const form of ['text', 'binary'])
    for (let i = 0; i < segments.length; i++) {
      const [segment, price] = [segments[i], prices[i]]
      const one = form === 'text' ? [segment, price] : [segment && segmentBytes(segment), price && priceBytes(price)]
      const offer = formatRow([segment, price])
      await client.query('INSERT INTO written VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
        ['node-postgres', form, vectors[i].n, ...one, segments, prices, offer, i ? [offer] : []])
    }
  const { rows } = await client.query(
    'SELECT segment, price, segments, prices, offer, offers FROM written WHERE client = $1 ORDER BY form, n',
    ['node-postgres'])
  for (const row of rows) console.log('text', Object.values(row).map(print).join(' '))
  console.log('refused', await refusal(client, 'segment_id', 'no id'))
  console.log('refused', await refusal(client, 'segment_id', Buffer.alloc(16)))
  console.log('refused', await refusal(client, 'currency_price', '9,90 EUR'))
  console.log('refused', await refusal(client, 'currency_price', Buffer.alloc(12)))
  await client.end()
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
