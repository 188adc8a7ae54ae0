# Takes connections on PORT, and answers what comes by each with segments far outside of its window, as late ones are:
# out-of-window.pl PORT. perl-base, which every Debian has, is enough.
use strict;
use warnings;
use Socket;

use constant { AF_PACKET => 17, ETH_P_IP => 0x0800, ETHERNET => 14, TCP => 6, SYN => 2, RST => 4, PSH => 8, ACK => 16 };
use constant BEYOND => 0x40000000;

sub checksum {
  my $sum = 0;
  $sum += $_ for unpack('n*', length($_[0]) % 2 ? "$_[0]\0" : $_[0]);
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  return ~$sum & 0xffff;
}

my ($port) = @ARGV;
socket(my $server, AF_INET, SOCK_STREAM, TCP) or die "socket: $!";
setsockopt($server, SOL_SOCKET, SO_REUSEADDR, 1);
bind($server, pack_sockaddr_in($port, INADDR_ANY)) or die "bind: $!";
# The kernel takes connections by itself, as many as the queue is long.
listen($server, 64) or die "listen: $!";
socket(my $in, AF_PACKET, SOCK_RAW, unpack('n', pack('S', ETH_P_IP))) or die "socket: $!";
socket(my $out, AF_INET, SOCK_RAW, TCP) or die "socket: $!";
while (defined recv($in, my $frame, 2048, 0)) {
  my $packet = substr($frame, ETHERNET);
  next if length($packet) < 40 or unpack('C', substr($packet, 9, 1)) != TCP;
  my $header = (unpack('C', $packet) & 15) * 4;
  my ($from, $to, $seq, $ack, $offset, $flags) = unpack('nnNNCC', substr($packet, $header, 14));
  # Who ends a connection is not answered: that would have no end.
  next if $to != $port or ($flags & (SYN | RST | ACK)) != ACK;
  my $length = unpack('n', substr($packet, 2, 2)) - $header - ($offset >> 4) * 4;
  my ($client, $own) = (substr($packet, 12, 4), substr($packet, 16, 4));
  my $segment = pack('nnNNCCnnn', $to, $from, ($ack + BEYOND) & 0xffffffff, ($seq + $length) & 0xffffffff, 5 << 4, PSH | ACK, 512, 0, 0) . 'late';
  # With the pseudo header (RFC 9293, section 3.1).
  substr($segment, 16, 2) = pack('n', checksum($own . $client . pack('CCn', 0, TCP, length $segment) . $segment));
  send($out, $segment, 0, pack_sockaddr_in(0, $client));
}
