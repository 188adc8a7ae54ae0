# A mesh's sidecar: mesh-proxy.pl PORT...
# Whatever a REDIRECT rule sends to one of the ports goes on to where it was meant for, byte by byte. One process for all
# connections, as the real ones: it accepts at once, however many there are.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket;

# linux/in.h and linux/netfilter_ipv4.h
use constant { SOL_IP => 0, SO_ORIGINAL_DST => 80 };

$SIG{PIPE} = 'IGNORE';
my @listening = map {
    IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $_, Listen => 1024, ReuseAddr => 1)
      or die "port $_: $!\n"
} @ARGV;
my $readable = IO::Select->new(@listening);
my (%other, %ended, %object);

sub add { my ($socket) = @_; $object{$socket} = $socket; $readable->add($socket) }

sub forget {
    for my $socket (map { $object{$_} // () } @_) {
        $readable->remove($socket);
        delete $other{$socket}; delete $ended{$socket}; delete $object{$socket};
        close $socket;
    }
}

sub begin {
    my ($client) = @_;
    my $original = getsockopt($client, SOL_IP, SO_ORIGINAL_DST) or return close $client;
    # perl gives as much as it had room for: a sockaddr_in is at its beginning.
    my (undef, $port, $address) = unpack 'S n a4', $original;
    # Not waited for: reading from it says whether it came about.
    my $server = IO::Socket::INET->new(PeerAddr => inet_ntoa($address), PeerPort => $port, Blocking => 0)
      or return close $client;
    $other{$client} = $server;
    $other{$server} = $client;
    add($_) for $client, $server;
}

sub pass_on {
    my ($from) = @_;
    my $to = $other{$from} or return;
    my $count = sysread($from, my $bytes, 65536);
    return forget($from, $to) if !defined $count;
    if ($count > 0) {
        $to->blocking(1);
        syswrite($to, $bytes);
        return;
    }
    $readable->remove($from);
    $ended{$from} = 1;
    shutdown($to, 1);
    forget($from, $to) if $ended{$to};
}

while (1) {
    for my $socket ($readable->can_read) {
        if (grep { $_ == $socket } @listening) {
            my $client = $socket->accept;
            begin($client) if $client;
        }
        else { pass_on($socket) }
    }
}
