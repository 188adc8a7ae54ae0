# One router advertisement (RFC 4861, 4.2) to all nodes of a link, with a prefix for addresses: router-advertisement.pl DEVICE PREFIX
# perl-base, which every Debian has, is enough. The kernel writes the checksum of a raw ICMPv6 socket.
use strict;
use warnings;
use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6 IPPROTO_IPV6);

use constant { ICMPV6 => 58, MULTICAST_HOPS => 18, SIOCGIFINDEX => 0x8933, ADVERTISEMENT => 134, PREFIX => 3 };

my ($device, $prefix) = @ARGV;
socket(my $out, AF_INET6, SOCK_RAW, ICMPV6) or die "socket: $!";
# What came by a router is not from the link: receivers look for 255.
setsockopt($out, IPPROTO_IPV6, MULTICAST_HOPS, pack('i', 255)) or die "hops: $!";
my $request = pack('a16x24', $device);
ioctl($out, SIOCGIFINDEX, $request) or die "$device: $!";
my $index = unpack('x16i', $request);
# A default router for half an hour, and addresses of the prefix for a day, by themselves.
my $message = pack('CCnCCnNN', ADVERTISEMENT, 0, 0, 64, 0, 1800, 0, 0);
$message .= pack('CCCCNNN', PREFIX, 4, 64, 0xc0, 86400, 14400, 0) . inet_pton(AF_INET6, $prefix);
send($out, $message, 0, pack_sockaddr_in6(0, inet_pton(AF_INET6, 'ff02::1'), $index)) or die "send: $!";
