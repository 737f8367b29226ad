import { ConfigError } from '../../src/errors.ts'

const passwordParameter = /[?&][\w.-]*(?:pass|pwd)[\w.-]*=/i
/** Twice, for what was encoded by a program that was given an encoded text. */
const decodedTimes = 2

/**
 * What has neither user nor password would take them for a part of its name, and names are shown.
 * @throws ConfigError when there are some
 */
export function assertNoCredentials(name: string, field: string): void {
  let reading = name
  for (let decoded = 0; decoded <= decodedTimes; decoded += 1) {
    if (hasLogin(reading) || passwordParameter.test(reading)) {
      throw new ConfigError(field, 'a name without user or password: it has neither')
    }
    reading = reading.replace(/%([0-7][0-9a-f])/gi, (_found, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    )
  }
}

/** `user:password@`, but for a single letter and a folder, which is a drive of Windows. */
function hasLogin(name: string): boolean {
  const folderAt = name.search(/[/\\]/)
  const first = folderAt === -1 ? name : name.slice(0, folderAt)
  const colonAt = first.indexOf(':')
  if (colonAt === -1) return false
  return first.lastIndexOf('@') > colonAt || (colonAt !== 1 && name.lastIndexOf('@') > colonAt)
}
