import type { Port } from '../../src/http/ports.ts'
import { validateResponse } from './validate-response.ts'

/** A port of the server, driven without a socket, whose every answer is held against the description of the API. */
export const checkedPort =
  (name: 'public' | 'admin', port: Port): Port =>
  async (request) => {
    const answered = await port(request)
    const { status, headers = {}, body = '' } = answered.response
    validateResponse({
      port: name,
      method: request.method,
      path: request.fullPath,
      status,
      contentType: headers['content-type'] ?? '',
      location: headers.location,
      body: body.toString(),
    })
    return answered
  }
