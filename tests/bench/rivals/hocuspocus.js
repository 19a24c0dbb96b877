// Hocuspocus as it comes, in memory; a document that is not open begins with the state in a file named after it.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [packages, port, states] = process.argv.slice(2)
const require = createRequire(`${packages}/package.json`)
const { Server } = require('@hocuspocus/server')
const Y = require('yjs')

const server = new Server({
  port: Number(port),
  address: '127.0.0.1',
  quiet: true,
  async onLoadDocument({ document, documentName }) {
    const file = `${states}/${documentName.split('.')[0]}`
    if (existsSync(file)) Y.applyUpdate(document, readFileSync(file))
  },
})
await server.listen()
console.log('ready')
