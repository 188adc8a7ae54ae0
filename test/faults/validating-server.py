# A name server that validates, as far as its clients see: validating-server.py ADDRESS ANSWER. It knows signed.test, and
# bogus.test, for which it answers SERVFAIL unless it is asked not to check (CD).
import socket
import struct
import sys
import threading

ADDRESS, ANSWER = sys.argv[1], socket.inet_aton(sys.argv[2])


def answer(query):
    number, flags = struct.unpack('!2H', query[:4])
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].lower())
        at += query[at] + 1
    kind = struct.unpack('!H', query[at + 1 : at + 3])[0]
    name, unchecked = b'.'.join(labels), flags & 0x10
    code, records = 3, b''
    if name == b'bogus.test' and not unchecked:
        code = 2
    elif name in (b'bogus.test', b'signed.test'):
        code = 0
        if kind == 1:
            records = b'\xc0\x0c' + struct.pack('!HHIH', 1, 1, 60, 4) + ANSWER
    counts = struct.pack('!4H', 1, 1 if records else 0, 0, 0)
    return struct.pack('!2H', number, 0x8180 | unchecked | code) + counts + query[12 : at + 5] + records


def stream(client):
    try:
        while len(head := client.recv(2)) == 2:
            reply = answer(client.recv(struct.unpack('!H', head)[0]))
            client.sendall(struct.pack('!H', len(reply)) + reply)
    except OSError:
        pass
    client.close()


def streams():
    server = socket.create_server((ADDRESS, 53))
    while True:
        threading.Thread(target=stream, args=(server.accept()[0],), daemon=True).start()


datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind((ADDRESS, 53))
threading.Thread(target=streams, daemon=True).start()
while True:
    question, client = datagrams.recvfrom(4096)
    datagrams.sendto(answer(question), client)
