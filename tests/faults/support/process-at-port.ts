import { readdir, readFile, readlink } from 'node:fs/promises'

/** The process of this machine that holds the socket of this local port; undefined when there is none. */
export async function processAtPort(port: number): Promise<number | undefined> {
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((row) => row.trim().split(/\s+/))
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  const inode = rows.find(([, local]) => local?.endsWith(`:${wanted}`))?.[9]
  if (inode === undefined || inode === '0') return undefined
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    if ((await socketsOf(pid)).includes(`socket:[${inode}]`)) return Number(pid)
  }
  return undefined
}

/** Nothing of a process that is gone by now, or another's. */
async function socketsOf(pid: string): Promise<readonly string[]> {
  const folder = `/proc/${pid}/fd`
  const names = await readdir(folder).catch(() => [])
  return Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')))
}
