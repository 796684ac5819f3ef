import { choice, flag } from '../../lib/shape.ts'
import { flowBasics } from '../config.ts'

export const registration = {
  ...flowBasics('registration'),
  enabled: flag(true),
  /** Whether someone whose address is taken learns how its owner signs in. */
  login_hints: flag(false),
  style: choice(['unified', 'profile_first'], 'profile_first'),
  /** Outdated spelling of `style: unified`, which it overrules. */
  enable_legacy_one_step: flag(false),
}
