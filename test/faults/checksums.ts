/** Packets that arrive with a wrong checksum, as behind an interface whose offload does not make them. */
import { type Netns, withFault } from './pod-netns.ts';

/** A veth leaves checksums out, and its other end does not ask for them: without offload the sender makes them. */
function offload(on: 0 | 1): string {
  // SIOCETHTOOL with ETHTOOL_STXCSUM: ethtool need not be there.
  return `perl -MSocket -e socket(my$s,AF_INET,SOCK_DGRAM,0)||die;ioctl($s,0x8946,my$r=pack("a16P","eth0",my$v=pack("LL",0x17,${on})))||die`;
}

/** Runs `work` while whatever `from` sends to TCP port 8080 of `to` is damaged as it comes in. */
export function withWrongChecksums<T>(from: Netns, to: Netns, work: () => Promise<T>): Promise<T> {
  const damage = [
    { make: 'nft add table inet ntsum', undo: 'nft delete table inet ntsum' },
    { make: 'nft add chain inet ntsum c { type filter hook prerouting priority -300 ; }', undo: '' },
    { make: 'nft add rule inet ntsum c tcp dport 8080 tcp checksum set 0x1234', undo: '' },
  ];
  return withFault(from, [{ make: offload(0), undo: offload(1) }], () => withFault(to, damage, work));
}
