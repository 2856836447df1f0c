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
      { batchMax: 500, lanes: 1, gather: () => gathered.promise },
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

  it('gives no lane an empty batch when another one has taken all', async () => {
    const batches: (readonly string[])[] = []
    const commit = groupCommit<string, string>(
      async (items) => {
        batches.push(items)
        return items
      },
      { batchMax: 500, lanes: 2 },
    )
    await Promise.all(['a', 'b'].map(commit))
    expect(batches).toEqual([['a', 'b']])
  })
})
