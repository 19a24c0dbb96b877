// Sends each message of standard input (one a line, segments apart by "\\r" as JSON writes it) by a client of HL7 v2
// that is not ours, and writes each answer as JSON: whatever it takes apart, an interface engine does.
import { createInterface } from "node:readline"
import { Hl7Message } from "@medplum/core"
import { Hl7Client } from "@medplum/hl7"

const client = new Hl7Client({ host: "127.0.0.1", port: Number(process.argv[2]), encoding: "utf-8" })
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await client.sendAndWait(Hl7Message.parse(JSON.parse(line)))
  const said = answer.getSegment("MSA")
  process.stdout.write(`${JSON.stringify([said?.getField(1).toString(), said?.getField(2).toString()])}\n`)
}
await client.close()
