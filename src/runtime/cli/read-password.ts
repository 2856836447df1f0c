import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { CliError } from './cli-error.ts'

/**
 * A password that somebody chooses: asked for twice at a terminal, where it is not shown, and otherwise all of standard
 * input but the end of its last line. Never an argument, which every process of the machine could read. @throws CliError
 */
export async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) return askTwice()
  try {
    const bytes = await buffer(process.stdin)
    // As it is: a password counts to its last byte.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, '')
  } catch {
    throw new CliError('The password on standard input is not UTF-8.', 'usage')
  }
}

async function askTwice(): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true })
  const ask = async (question: string) => {
    process.stderr.write(question)
    const answer = await terminal.question('')
    process.stderr.write('\n')
    return answer
  }
  try {
    const password = await ask('Password: ')
    if (password === (await ask('Once more: '))) return password
  } finally {
    terminal.close()
  }
  throw new CliError('These were two passwords.', 'usage')
}
