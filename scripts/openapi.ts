// bin/node24 scripts/openapi.ts > docs/openapi.json: the description of the API as a server with everyday addresses serves it.
import { describeServer } from '../test/support/description.ts'

process.stdout.write(await describeServer())
