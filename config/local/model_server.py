"""The process that serves the local model: `python model_server.py FILE PORT`.

*Called by*: local_model.py, by path. *Keeps true*: one request never takes another's context; a client that goes away
stops its own generation.
"""

import signal
import sys

import xllamacpp

ALIAS = "smollm2-135m-instruct"
SLOTS = 4
SLOT_TOKENS = 4096
THREADS = 2


def make_parameters(file: str, port: int) -> xllamacpp.CommonParams:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = file
    parameters.model_alias = {ALIAS}
    parameters.hostnames, parameters.port = ["127.0.0.1"], port
    parameters.n_parallel, parameters.n_ctx = SLOTS, SLOTS * SLOT_TOKENS
    parameters.n_predict = 1024  # where a request names no limit
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = THREADS
    # A connection holds a thread for as long as it streams or idles; health checks must still get one.
    parameters.n_threads_http = 32
    # As the makers of the model advise; at the usual 0.8 so small a model rambles.
    parameters.sampling.temp, parameters.sampling.top_p = 0.2, 0.9
    parameters.sampling.penalty_repeat = 1.1
    parameters.cache_ram_mib = 0
    parameters.ui = parameters.endpoint_slots = False
    parameters.cors_origins = ""  # pages in a browser have no business here
    parameters.verbosity = 2
    return parameters


if __name__ == "__main__":
    server = xllamacpp.Server(make_parameters(sys.argv[1], int(sys.argv[2])))
    signal.pause()
