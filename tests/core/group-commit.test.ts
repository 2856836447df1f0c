import { describe, expect, it } from 'vitest'
import { groupCommit } from '../../src/core/group-commit.ts'

describe('the group commit', () => {
  it('waits for those who are gathered, who share one batch however apart they come', async () => {
    const gathered = Promise.withResolvers<void>()
    const batches: (readonly string[])[] = []
    const commit = groupCommit<string, string>(
      async (items) => {
        batches.push(items)
        return items
      },
      { batchMax: 500, gather: () => gathered.promise },
    )
    const outcomes = [commit('a')]
    for (const late of ['b', 'c']) {
      await new Promise((done) => setImmediate(done))
      outcomes.push(commit(late))
    }
    gathered.resolve()
    expect(await Promise.all(outcomes)).toEqual(['a', 'b', 'c'])
    expect(batches).toEqual([['a', 'b', 'c']])
  })

  it('halves those who are under way where commits overlap with what comes', async () => {
    const batches: number[] = []
    let finish = () => {}
    const commit = groupCommit<number, number>(
      async (items) => {
        batches.push(items.length)
        await new Promise<void>((done) => {
          finish = done
        })
        return items
      },
      { batchMax: 500, gather: turn, overlaps: true },
    )
    // Nobody was under way before: half of them.
    const eight = [1, 2, 3, 4, 5, 6, 7, 8].map(commit)
    await turn()
    expect(batches).toEqual([4])
    finish()
    await turn()
    expect(batches).toEqual([4, 4])
    await Promise.all(eight.slice(0, 4))
    // Of the four that are answered two come again, and wait for nobody: as many are left under way as wait here.
    const again = [1, 2].map(commit)
    finish()
    await turn()
    expect(batches).toEqual([4, 4, 2])
    finish()
    await Promise.all([...eight, ...again])
  })

  it('takes what waits at the end of a turn, and earlier when it is half of the last batch', async () => {
    const batches: number[] = []
    let turns = 0
    const commit = groupCommit<number, number>(
      async (items) => {
        batches.push(items.length)
        return items
      },
      // One turn ends, and those after it never do.
      { batchMax: 500, gather: () => (turns++ === 0 ? turn() : new Promise(() => {})), overlaps: true },
    )
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(commit))
    expect(batches).toEqual([4, 4])
    expect(await commit(9)).toBe(9)
    expect(batches).toEqual([4, 4, 1])
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(commit))
    expect(batches).toEqual([4, 4, 1, 5, 3])
    const alone = commit(10)
    await turn()
    expect(batches).toHaveLength(5)
    expect(await Promise.all([alone, commit(11)])).toEqual([10, 11])
    expect(batches).toEqual([4, 4, 1, 5, 3, 2])
  })
})

/** The event loop turns once. */
function turn(): Promise<void> {
  return new Promise((done) => setImmediate(done))
}
