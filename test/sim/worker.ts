import { runSeeds } from './seeds.ts'

/** A process that runs the rows of seeds that it is told to, until the connection to the one that started it ends. */
process.on('message', (row: { readonly from: number; readonly count: number }) => {
  void runSeeds(row.from, row.count).then((result) => process.send?.(result))
})
process.on('disconnect', () => process.exit(0))
