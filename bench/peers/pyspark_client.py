"""A PySpark Connect program that waits for N queries: pyspark_client.py REMOTE COUNT threads|polling|listener.

It takes the commands of bench_peers on its standard input and answers each with a line of JSON (see peers/main.cpp).
"""
import collections
import json
import os
import sys
import threading
import time

from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQueryListener

remote, count, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
spark = SparkSession.builder.remote(remote).getOrCreate()
queries = []  # not stopped yet
watched = []  # all
ended = {}  # by run id: (time, how)
changed = threading.Condition()


def note(run_id, how):
    with changed:
        ended.setdefault(run_id, (time.monotonic(), how))
        changed.notify_all()


def how(error):
    return getattr(error, "getCondition", lambda: None)() or type(error).__name__


def wait_in_thread(query):
    try:
        query.awaitTermination()
        note(query.runId, "ended")
    except Exception as error:
        note(query.runId, how(error))


def poll():
    """One call a second for all queries, which is the least that polling can cost."""
    while True:
        time.sleep(1)
        try:
            active = {query.runId for query in spark.streams.active}
            gone = [query.runId for query in list(watched) if query.runId not in active]
            for run_id in gone:
                note(run_id, "ended")
        except Exception as error:
            for query in list(watched):
                note(query.runId, how(error))
            return


class Listener(StreamingQueryListener):
    def onQueryStarted(self, event):
        pass

    def onQueryProgress(self, event):
        pass

    def onQueryIdle(self, event):
        pass

    def onQueryTerminated(self, event):
        note(str(event.runId), "ended" if event.exception is None else "failed")


def begin():
    began = time.monotonic()
    if kind == "listener":
        spark.streams.addListener(Listener())
    for _ in range(count):
        query = (
            spark.readStream.format("rate").load().writeStream.format("noop").trigger(processingTime="10 minutes").start()
        )
        queries.append(query)
        watched.append(query)
        if kind == "threads":
            threading.Thread(target=wait_in_thread, args=(query,), daemon=True).start()
    if kind == "polling":
        threading.Thread(target=poll, daemon=True).start()
    return {"seconds": time.monotonic() - began, "run_ids": len({query.runId for query in queries})}


def status(calls):
    times = []
    for i in range(calls):
        began = time.monotonic()
        queries[i % len(queries)].status
        times.append((time.monotonic() - began) * 1000)
    return {"ms": times}


def stop(number):
    stops, delays = [], []
    for _ in range(number):
        query = queries.pop()
        began = time.monotonic()
        query.stop()
        done = time.monotonic()
        stops.append((done - began) * 1000)
        with changed:
            changed.wait_for(lambda: query.runId in ended, 30)
        delays.append((ended[query.runId][0] - done) * 1000 if query.runId in ended else 30000.0)
    return {"stop_ms": stops, "delay_ms": delays}


def lost(seconds):
    """What is known of the queries, which are gone with their server."""
    with changed:
        changed.wait_for(lambda: all(query.runId in ended for query in queries), seconds)
        return dict(collections.Counter(ended.get(q.runId, (0, "still waits"))[1] for q in queries))


for line in sys.stdin:
    verb, *numbers = line.split()
    answer = {"start": begin, "status": status, "stop": stop, "lost": lost}[verb](*map(int, numbers))
    print(json.dumps(answer), flush=True)
os._exit(0)  # threads of PySpark that are no daemons would keep the process
