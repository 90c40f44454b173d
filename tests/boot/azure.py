#!/usr/bin/env python3
"""Stands in for what a builder talks to: archives, the instance metadata service and a registry of Azure's.

    azure.py ARCHIVES FOLDER

ARCHIVES/www/HOST holds the files of a host, ARCHIVES/server.pem its certificate. The registry behind is a
docker-registry on 127.0.0.1:5000. FOLDER/requests takes a line for each request. Port 3128 is a proxy, and
http://10.64.0.1/mirror/HOST mirrors a host.

With WIRE_SERVER in the environment it provisions a virtual machine, too.

Shapes: IMDS `identity/oauth2/token`, `instance` and `instance/compute/*` (Microsoft Learn, "Azure Instance Metadata
Service"), the wire server's goal state (cloud-init, `sources/helpers/azure.py`), the registry's `oauth2/exchange` and `oauth2/token` (Azure/acr docs, "AAD-OAuth").
"""

import base64
import http.client
import http.server
import json
import os
import socket
import ssl
import sys
import threading
import urllib.parse

ARCHIVES, FOLDER = sys.argv[1:]
# Long and distinct, so that a search of the whole disk finds them and nothing else.
IDENTITY = "BOOTTESTidentity" + "Xq7Zk2" * 40
REFRESH = "BOOTTESTrefresh" + "Vb9Tm4" * 40
ACCESS = "BOOTTESTaccess" + "Wd3Rn8" * 40
UNAUTHORIZED = '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}'
# What Azure tells a virtual machine about itself while it is provisioned. A container is not provisioned.
GOAL_STATE = """<?xml version="1.0" encoding="utf-8"?>
<GoalState><Version>2012-11-30</Version><Incarnation>1</Incarnation><Machine><ExpectedState>Started</ExpectedState></Machine>
<Container><ContainerId>container</ContainerId><RoleInstanceList><RoleInstance><InstanceId>builder</InstanceId>
<State>Started</State><Configuration></Configuration></RoleInstance></RoleInstanceList></Container></GoalState>"""
VERSIONS = """<?xml version="1.0" encoding="utf-8"?>
<Versions><Preferred><Version>2012-11-30</Version></Preferred><Supported><Version>2012-11-30</Version></Supported></Versions>"""
ADDRESS = {"ipAddress": [{"privateIpAddress": "10.64.0.15", "publicIpAddress": ""}], "subnet": [{"address": "10.64.0.0", "prefix": "24"}]}
INSTANCE = {
    "compute": {"name": "builder", "location": "swedencentral", "vmId": "02aab8a4-74ef-476e-8182-f6d2ba4166a6"},
    "network": {"interface": [{"ipv4": ADDRESS, "ipv6": {"ipAddress": []}, "macAddress": "525400123456"}]},
}
requests = open(f"{FOLDER}/requests", "a", buffering=1, encoding="utf-8")


def pipe(source, target):
    """Copies bytes until one side ends."""
    try:
        while chunk := source.recv(1 << 16):
            target.sendall(chunk)
    except OSError:
        pass
    finally:
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, code, body="", kind="text/plain", headers=()):
        data = body.encode()
        self.send_response(code)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(data))), *headers):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def route(self):
        self.host = (self.headers.get("Host") or "").split(":")[0]
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length).decode()
        by_proxy = self.server.server_port == 3128
        if by_proxy and self.path.startswith("http://"):
            self.path = "/" + self.path.split("/", 3)[3]
        requests.write(f"{'PROXY ' if by_proxy else ''}{self.command} {self.host}{self.path}\n")
        try:
            if self.host == "169.254.169.254":
                self.metadata()
            elif self.host == "168.63.129.16" and "WIRE_SERVER" in os.environ:
                self.wire_server()
            elif self.host.endswith(".azurecr.io"):
                self.registry()
            else:
                self.file()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = route

    def do_CONNECT(self):
        requests.write(f"CONNECT {self.path}\n")
        behind = socket.create_connection(("127.0.0.1", int(self.path.rsplit(":", 1)[1])))
        self.send_response(200)
        self.end_headers()
        back = threading.Thread(target=pipe, args=(behind, self.connection), daemon=True)
        back.start()
        pipe(self.connection, behind)
        back.join()
        self.close_connection = True

    def file(self):
        path = os.path.normpath(urllib.parse.unquote(self.path.split("?")[0]))
        mirrored = self.host == "10.64.0.1" and path.startswith("/mirror/")
        name = f"{ARCHIVES}/www/{path[8:]}" if mirrored else f"{ARCHIVES}/www/{self.host}{path}"
        if not os.path.isfile(name):
            return self.answer(404, "not here")
        self.send_response(200)
        self.send_header("Content-Length", str(os.path.getsize(name)))
        self.end_headers()
        with open(name, "rb") as file:
            while self.command != "HEAD" and (chunk := file.read(1 << 16)):
                self.wfile.write(chunk)

    def metadata(self):
        path = urllib.parse.urlsplit(self.path).path
        if self.headers.get("Metadata") != "true":
            return self.answer(400, '{"error":"Bad request. Required metadata header not specified"}')
        if path.endswith("/oauth2/token"):
            token = {"access_token": IDENTITY, "expires_in": "86399", "token_type": "Bearer"}
            return self.answer(200, json.dumps(token), "application/json")
        if path.endswith("/subscriptionId"):
            return self.answer(200, "7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11")
        if path.endswith("/resourceGroupName"):
            return self.answer(200, "boot-test")
        if path.rstrip("/").endswith("/metadata/instance") and "WIRE_SERVER" in os.environ:
            return self.answer(200, json.dumps(INSTANCE), "application/json")
        self.answer(404, "{}")

    def wire_server(self):
        if "goalstate" in self.path:
            return self.answer(200, GOAL_STATE, "text/xml")
        if "versions" in self.path:
            return self.answer(200, VERSIONS, "text/xml")
        self.answer(200 if "health" in self.path else 404)

    def registry(self):
        url = urllib.parse.urlsplit(self.path)
        form = urllib.parse.parse_qs(self.body) | urllib.parse.parse_qs(url.query)
        if url.path == "/oauth2/exchange":
            good = form.get("access_token") == [IDENTITY]
            return self.answer(200, json.dumps({"refresh_token": REFRESH})) if good else self.answer(401, UNAUTHORIZED)
        if url.path == "/oauth2/token":
            basic = self.headers.get("Authorization", "")
            secret = base64.b64decode(basic[6:]).decode().partition(":")[2] if basic.startswith("Basic ") else ""
            good = REFRESH in (secret, *form.get("refresh_token", []))
            return self.answer(200, json.dumps({"access_token": ACCESS, "token": ACCESS})) if good else self.answer(401, UNAUTHORIZED)
        if self.headers.get("Authorization") != f"Bearer {ACCESS}":
            realm = f'Bearer realm="https://{self.host}/oauth2/token",service="{self.host}"'
            return self.answer(401, UNAUTHORIZED, "application/json", [("WWW-Authenticate", realm), ("Docker-Distribution-Api-Version", "registry/2.0")])
        self.forward()

    def forward(self):
        behind = http.client.HTTPConnection("127.0.0.1", 5000)
        kept = {k: v for k, v in self.headers.items() if k.lower() in ("accept", "range")}
        behind.request(self.command, self.path, headers={**kept, "Host": self.host, "Accept": ", ".join(self.headers.get_all("Accept") or ["*/*"])})
        got = behind.getresponse()
        self.send_response(got.status)
        for name, value in got.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        while self.command != "HEAD" and (chunk := got.read(1 << 16)):
            self.wfile.write(chunk)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        """A client whose power was cut is no error of the server."""


plain = Server(("0.0.0.0", 80), Handler)
secure = Server(("0.0.0.0", 443), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{ARCHIVES}/server.pem")
secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
proxy = Server(("0.0.0.0", 3128), Handler)
for server in (plain, proxy):
    threading.Thread(target=server.serve_forever, daemon=True).start()
secure.serve_forever()
