"""A BitTorrent node of libtorrent (Debian: python3-libtorrent), for tests/bench/swarm.bash:

    torrent_node.py TORRENT FOLDER DONE [GO]

It is ready, and says so by the file DONE.ready; it begins once GO, a FIFO, is opened by somebody else and closed again;
and writes the time into DONE, in seconds, once FOLDER has all, every piece of it hashed. Then it gives to others until
it is killed."""
import os
import signal
import sys
import time

import libtorrent

torrent, folder, done = sys.argv[1:4]
# As it comes, but for what looks for others without the tracker, that all are at one address here, and that it would send by
# uTP, which is slow where nothing holds it up.
session = libtorrent.session({
    "listen_interfaces": "127.0.0.1:0",
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "allow_multiple_connections_per_ip": True,
    "alert_mask": libtorrent.alert.category_t.status_notification,
})


def write(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


write(done + ".ready", "\n")
if len(sys.argv) > 4:
    open(sys.argv[4]).close()
handle = session.add_torrent({"ti": libtorrent.torrent_info(torrent), "save_path": folder})
while not handle.status().is_seeding:
    session.wait_for_alert(100)
    session.pop_alerts()
write(done, f"{time.time()}\n")
signal.pause()
