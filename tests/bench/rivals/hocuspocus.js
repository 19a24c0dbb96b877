// Hocuspocus as it comes, in memory; a document that is not open begins with the state in a file named after it.
// With the address of a PostgreSQL it commits each update there before it applies and relays it.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [packages, port, states, database] = process.argv.slice(2)
const require = createRequire(`${packages}/package.json`)
const { Server } = require('@hocuspocus/server')
const Y = require('yjs')

const STEP_1 = 0
const EMPTY = 2 // The bytes of an update that says nothing: no block, no deletion.
const ROWS_MAX = 1000

// Rows that wait are committed together, one transaction after the other: as few commits as there can be.
async function committer() {
  const { Client } = require('pg')
  const client = new Client({ connectionString: database })
  await client.connect()
  await client.query(`create table if not exists edit (
    id bigint generated always as identity primary key, document text not null, update bytea not null,
    recorded timestamptz not null default now())`)
  let waiting = []
  let busy = false
  async function goOn() {
    busy = true
    while (waiting.length) {
      const rows = waiting.splice(0, ROWS_MAX)
      try {
        await client.query({
          name: 'append',
          text: 'insert into edit (document, update) select * from unnest($1::text[], $2::bytea[])',
          values: [rows.map((row) => row.document), rows.map((row) => row.update)],
        })
        for (const row of rows) row.resolve()
      } catch (error) {
        for (const row of rows) row.reject(error)
      }
    }
    busy = false
  }
  return (document, update) =>
    new Promise((resolve, reject) => {
      waiting.push({ document, update: Buffer.from(update), resolve, reject })
      if (!busy) setImmediate(() => busy || goOn())
    })
}

const commit = database ? await committer() : null

const server = new Server({
  port: Number(port),
  address: '127.0.0.1',
  quiet: true,
  async onLoadDocument({ document, documentName }) {
    const file = `${states}/${documentName.split('.')[0]}`
    if (existsSync(file)) Y.applyUpdate(document, readFileSync(file))
  },
  ...(commit && {
    async beforeSync({ documentName, type, payload }) {
      if (type !== STEP_1 && payload.length > EMPTY) await commit(documentName, payload)
    },
  }),
})
await server.listen()
console.log('ready')
