/** Recognises network file systems: SQLite's locks and shared memory do not hold across hosts, and sessions get lost. */

/** `f_type` of statfs(2), as listed in its manual page and in linux/magic.h. */
const NETWORK_FILE_SYSTEMS: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB2',
  16914839: '9p',
  1397113167: 'AFS',
  1799439955: 'AFS',
  12805120: 'Ceph',
  1937076805: 'Coda',
  22092: 'NCP',
  198183888: 'Lustre',
  18225520: 'GFS2',
  1952539503: 'OCFS2',
  1196443219: 'GPFS',
  428016422: 'BeeGFS',
  2020557398: 'VirtualBox shared folder',
};

/** The name of the network file system, or null when the type is not known to be one. */
export function networkFileSystem(type: number | bigint): string | null {
  // Some platforms report the 32-bit type sign-extended: CIFS would be negative.
  return NETWORK_FILE_SYSTEMS[Number(BigInt.asUintN(32, BigInt(type)))] ?? null;
}
