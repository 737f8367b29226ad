// Opens the SQLite file that is the argument, begins a write transaction, says `locked`, and holds it until it is killed.
import { DatabaseSync } from 'node:sqlite'

const [path = ''] = process.argv.slice(2)
const database = new DatabaseSync(path, { timeout: 30_000 })
database.exec('BEGIN IMMEDIATE')
process.stdout.write('locked\n')
// Ends with the test that started it, too.
process.stdin.resume()
process.stdin.on('end', () => database.close())
