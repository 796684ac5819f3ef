import { object } from '../../lib/shape.ts'
import { errorPage } from '../config.ts'

export const error = object({ ui_url: errorPage })
