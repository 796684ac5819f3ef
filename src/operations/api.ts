import {
  errorOperations,
  loginOperations,
  logoutOperations,
  recoveryOperations,
  registrationOperations,
  scriptOperations,
  settingsOperations,
  verificationOperations,
} from '../flows/describe.ts'
import { loginFlow, registrationFlow } from '../flows/wire-schema.ts'
import type { Operations } from '../http/openapi.ts'
import { identityOperations } from '../identities/describe.ts'
import {
  loginBodies,
  recoveryBodies,
  registrationBodies,
  settingsBodies,
  verificationBodies,
} from '../methods/bodies.ts'
import { adminSessionOperations, sessionOperations } from '../sessions/describe.ts'
import { courierOperations } from '../courier/describe.ts'
import { metadataOperations } from './describe.ts'

/** TABLE of everything that the API can do, in words and schemas. Methods and paths are those of the routes. */
export const operations: Operations = {
  ...loginOperations(loginBodies),
  ...registrationOperations(registrationBodies),
  ...settingsOperations(settingsBodies),
  ...recoveryOperations(recoveryBodies),
  ...verificationOperations(verificationBodies),
  ...logoutOperations,
  ...scriptOperations,
  ...errorOperations,
  ...sessionOperations([loginFlow, registrationFlow]),
  ...identityOperations,
  ...adminSessionOperations,
  ...courierOperations,
  ...metadataOperations,
}
