/** BPF programs that drop what comes to an interface or leaves it, loaded with bpf(2) itself, as there is no compiler here. */

/** Where it stands; a packet that it lets through goes on to the next one. */
export type Hook = 'xdp' | 'tcx-ingress' | 'tcx-egress';

const IPV4 = 0x0800;

/** The field of a frame, as a little-endian machine reads it. */
const asRead = (ethertype: number): number => ((ethertype & 0xff) << 8) | (ethertype >> 8);

/** Drops frames of that kind, and lets all others through (ARP). */
const programs = (ethertype: number) => ({
  xdp: `
    [0xb7, 0x00, 0, 2],  # return XDP_PASS
    [0x61, 0x12, 0, 0],  # from the beginning of the frame
    [0x61, 0x13, 4, 0],  # to its end
    [0xbf, 0x24, 0, 0],
    [0x07, 0x04, 0, 14],
    [0x2d, 0x34, 3, 0],  # unless there is an Ethernet header
    [0x69, 0x25, 12, 0],
    [0x55, 0x05, 1, ${asRead(ethertype)}],
    [0xb7, 0x00, 0, 1],  # then XDP_DROP
    [0x95, 0x00, 0, 0],`,
  tcx: `
    [0xb7, 0x00, 0, -1],  # return TCX_NEXT
    [0x61, 0x12, 16, 0],  # the protocol
    [0x55, 0x02, 1, ${asRead(ethertype)}],
    [0xb7, 0x00, 0, 2],   # then TCX_DROP
    [0x95, 0x00, 0, 0],`,
});

/** Numbers of linux/bpf.h: the program's type, what it is attached to, and how. */
const HOOKS: Record<
  Hook,
  { program: keyof ReturnType<typeof programs>; type: number; attach: number; flags: number }
> = {
  // XDP_FLAGS_SKB_MODE: the kernel's own.
  xdp: { program: 'xdp', type: 6, attach: 37, flags: 2 },
  'tcx-ingress': { program: 'tcx', type: 3, attach: 46, flags: 0 },
  'tcx-egress': { program: 'tcx', type: 3, attach: 47, flags: 0 },
};

/** The command that holds such a program in its place until it ends. @param index of the interface */
export function dropping(hook: Hook, index: number, ethertype = IPV4): string[] {
  const { program, type, attach, flags } = HOOKS[hook];
  return [
    ...['perl', '-e'],
    `my @program = (${programs(ethertype)[program]}
  );
  my $code = join '', map { pack('CCsl', @$_) } @program;
  my $licence = "GPL\\0";
  my $bpf = ${process.arch === 'arm64' ? 280 : 321};
  my $load = pack('LLQQ', ${type}, scalar @program, unpack('Q', pack('P', $code)), unpack('Q', pack('P', $licence))) . "\\0" x 104;
  my $fd = syscall($bpf, 5, $load, length $load);
  die "load: $!" if $fd < 0;
  my $link = pack('LLLL', $fd, ${index}, ${attach}, ${flags}) . "\\0" x 48;
  die "link: $!" if syscall($bpf, 28, $link, length $link) < 0;
  syswrite STDOUT, "attached\\n";
  sleep 600;`,
  ];
}
