import { programPath } from '../program-path.ts'
import { autocannonLoad } from './autocannon.ts'
import type { Load } from './load.ts'
import { wrkLoad } from './wrk.ts'

/** wrk where it is installed, since it leaves more of its core to PostgreSQL; otherwise autocannon. */
export function openLoad(folder: string): Load {
  return programPath('wrk') === undefined ? autocannonLoad() : wrkLoad(folder)
}
