import { choice } from '../../lib/shape.ts'
import { flowBasics } from '../config.ts'

export const login = { ...flowBasics('login'), style: choice(['unified', 'identifier_first'], 'unified') }
