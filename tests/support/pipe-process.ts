/** A pipe in a process of its own, which tells how much memory it holds; run with an origin as its argument. */
import { openPipe } from './pipe.ts'

const pipe = await openPipe(process.argv[2]!)
process.send?.({ url: pipe.url })
process.on('message', () => process.send?.({ rss: process.memoryUsage.rss() }))
process.on('disconnect', () => process.exit())
