import { parentPort, workerData } from 'node:worker_threads'
import { bcryptDigest } from './bcrypt-digest.ts'

export interface BcryptOrder {
  readonly password: string
  readonly setting: string
}

const { password, setting }: BcryptOrder = workerData
parentPort?.postMessage(bcryptDigest(password, setting))
