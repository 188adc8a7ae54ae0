# Answers what opens a TCP connection to PORT with an ICMP parameter problem (RFC 792): parameter-problem.pl PORT ADDRESS
# ADDRESS is the sender's, one of this host. perl-base, which every Debian has, is enough.
use strict;
use warnings;
use Socket;

use constant { AF_PACKET => 17, ETH_P_IP => 0x0800, ETHERNET => 14, ICMP => 1, TCP => 6, SYN => 2, ACK => 16 };

my ($port, $address) = @ARGV;
socket(my $in, AF_PACKET, SOCK_RAW, unpack('n', pack('S', ETH_P_IP))) or die "socket: $!";
socket(my $out, AF_INET, SOCK_RAW, ICMP) or die "socket: $!";
bind($out, pack_sockaddr_in(0, inet_aton($address))) or die "bind: $!";
while (defined recv($in, my $frame, 2048, 0)) {
  my $packet = substr($frame, ETHERNET);
  next if length($packet) < 40 or unpack('C', substr($packet, 9, 1)) != TCP;
  my $header = (unpack('C', $packet) & 15) * 4;
  my ($to, $flags) = (unpack('n', substr($packet, $header + 2, 2)), unpack('C', substr($packet, $header + 13, 1)));
  next if $to != $port or ($flags & (SYN | ACK)) != SYN;
  # Type 12, code 0, and the octet that is wrong: the first one of the options.
  my $message = pack('CCnCx3', 12, 0, 0, 20) . substr($packet, 0, $header + 8);
  my $sum = 0;
  $sum += $_ for unpack('n*', $message);
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
  substr($message, 2, 2) = pack('n', ~$sum & 0xffff);
  my $source = substr($packet, 12, 4);
  send($out, $message, 0, pack_sockaddr_in(0, $source));
}
