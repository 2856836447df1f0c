import { nodePasswords } from '../../src/runtime/passwords/node-passwords.ts'

/**
 * Passwords of little work: they are hashed thousands of times here. The strength of the gateway's own is a matter of
 * tests/runtime/passwords.test.ts, and the journeys have it.
 */
export const quickPasswords = nodePasswords({ memoryKib: 64, passes: 1 })
