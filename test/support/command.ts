import { spawn } from 'node:child_process'
import { join } from 'node:path'

export type Ended = { status: number | null; stdout: string; stderr: string }

/** Runs the program to its end, as somebody at a terminal does, while this process goes on. */
export function zelos(
  args: readonly string[],
  { input = '', env = {}, cwd }: { input?: string; env?: Record<string, string>; cwd?: string } = {},
): Promise<Ended> {
  const child = spawn(join(import.meta.dirname, '../../bin/zelos'), args, {
    env: { ...process.env, KRATOS_ADMIN_URL: '', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // A command that reads nothing may be over before its input is.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, stdout, stderr }))
  })
}
