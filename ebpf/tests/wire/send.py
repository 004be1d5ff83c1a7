"""Sends frames from a packet socket: each line is "HEADER FRAME" in hex, HEADER
a virtio_net_hdr of 10 bytes or "-" for none."""
import errno
import socket
import sys

SOL_PACKET, PACKET_VNET_HDR = 263, 15

for line in sys.stdin:
    header, frame = line.split()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        if header != "-":
            out.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
            frame = header + frame
        out.bind((sys.argv[1], 0))
        try:
            out.send(bytes.fromhex(frame))
        except OSError as error:
            # The kernel's word for a frame dropped on its way out.
            if error.errno != errno.ENOBUFS:
                raise
