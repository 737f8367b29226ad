#!/usr/bin/env node
import { run } from './run.ts'

// A pager that was left closes the pipe: what is printed from then on interests nobody.
process.stdout.on('error', () => undefined)

process.exitCode = await run(process.argv.slice(2), process)
