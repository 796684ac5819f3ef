import { choice, duration } from '../../lib/shape.ts'
import { flowBasics } from '../config.ts'

export const settings = {
  ...flowBasics('settings'),
  /** For how long after signing in a person may change credentials and addresses. */
  privileged_session_max_age: duration('1h'),
  required_aal: choice(['aal1', 'highest_available'], 'highest_available'),
}
