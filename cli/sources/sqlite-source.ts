import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { redact } from '../../src/config.ts'
import { ConfigError } from '../../src/errors.ts'
import type { ClosableSource, UriSourceOptions } from './closable-source.ts'
import { pagesBy, quoted, selectPage, tableForm } from './sql-page.ts'

const busyTimeoutMs = 10_000

/** The rows of a table of `@keyv/sqlite`, of either series; the file is opened for reading only. */
export function sqliteSource(uri: string, { namespace = '', table }: UriSourceOptions): ClosableSource {
  const path = uri.slice('sqlite://'.length)
  if (!existsSync(path)) throw new ConfigError('SOURCE', `a SQLite file that exists, and there is no ${redact(path)}`)
  let database: DatabaseSync | null = null
  return {
    async *pages() {
      const opened = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs })
      database = opened
      const columns = opened.prepare('SELECT name FROM pragma_table_info(?)').all(table)
      const form = tableForm(columns.map(({ name }) => String(name)))
      if (form === null) throw new ConfigError('--table', `the table of a Keyv, and ${table} is none in ${path}`)
      yield* pagesBy(async (lastKey) => {
        const parts = { form, table: quoted(table), namespace, parameter: (place: number) => `?${place}` }
        const { text, values } = selectPage(parts, lastKey)
        const rows = opened.prepare(text).all(...values)
        return rows.map((row) => {
          const [key, value, expires] = Object.values(row)
          return [key, value, expires]
        })
      })
    },
    close() {
      if (database?.isOpen) database.close()
    },
  }
}
