# A host of the private net that answers a search for routers of UPnP, and is none: hostile.pl MODE ADDRESS LEADS-TO
# What it says over HTTP: nothing (silent), a byte now and then without an end (trickle), chunks without an end (endless),
# no HTTP (garbage). It prints a line for each search and each connection.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_IP IP_ADD_MEMBERSHIP inet_aton pack_ip_mreq);

my ($mode, $own, $leads_to) = @ARGV;
$| = 1;
$SIG{PIPE} = 'IGNORE';
my $searches = IO::Socket::INET->new(Proto => 'udp', LocalPort => 1900, ReuseAddr => 1) or die "port 1900: $!";
setsockopt($searches, IPPROTO_IP, IP_ADD_MEMBERSHIP, pack_ip_mreq(inet_aton('239.255.255.250'), inet_aton($own)))
    or die "group: $!";
my $server = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => $own, LocalPort => 5000, Listen => 8, ReuseAddr => 1)
    or die "port 5000: $!";
print "ready\n";
my $select = IO::Select->new($searches, $server);
my %open;    # connections, by their numbers
my $chunk = sprintf("%x\r\n%s\r\n", 65536, 'x' x 65536);
my $number = 0;
while (1) {
    for my $ready ($select->can_read(%open ? 0.05 : undef)) {
        if ($ready == $searches) {
            my $from = $searches->recv(my $search, 2048) or next;
            print "search\n";
            # Each answer is another device, so that nobody has seen all of them.
            for (1 .. 3) {
                ++$number;
                $searches->send("HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
                    . "USN: uuid:$number\r\nLOCATION: http://$leads_to/$number.xml\r\n\r\n", 0, $from);
            }
        } else {
            my $client = $server->accept or next;
            print "connection\n";
            $client->blocking(0);
            $open{ fileno $client } = $client;
            $client->syswrite("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") if $mode eq 'endless';
            $client->syswrite("HTTP/1.1 200 OK\r\n\r\n<root>") if $mode eq 'trickle';
        }
    }
    for my $client (values %open) {
        my $ok = 1;
        if ($mode eq 'trickle') {
            $ok = $client->syswrite('x') || $!{EAGAIN};
        } elsif ($mode eq 'endless') {
            # All that the pipe takes, by whole chunks as far as it goes.
            $client->blocking(1);
            $ok = $client->syswrite($chunk);
            $client->blocking(0);
        } elsif ($mode eq 'garbage') {
            $client->syswrite(pack('C*', map { int rand 256 } 1 .. 5000));
            $ok = 0;
        }
        next if $ok;
        delete $open{ fileno $client };
        close $client;
    }
}
