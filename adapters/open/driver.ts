import { createRequire } from 'node:module'
import { ConfigError } from '../../src/errors.ts'

/**
 * Drivers are optional peers, so one may be missing. That is found while the store is made, not at its first call.
 * @throws ConfigError that says how to install it
 */
export function assertDriverInstalled(driver: string, field: string): void {
  if (!isInstalled(driver)) {
    throw new ConfigError(field, `the driver ${driver} to be installed: npm install ${driver}`)
  }
}

function isInstalled(driver: string): boolean {
  try {
    createRequire(import.meta.url).resolve(driver)
    return true
  } catch (error) {
    // A package without an entry for `require` is there all the same.
    return !(error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')
  }
}
