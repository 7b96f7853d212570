"""Reads a result with PySpark Connect: to_arrow.py REMOTE TABLE_OR_SQL. Prints what bench_collect wants to know."""
import json
import resource
import sys
import time

from pyspark.sql import SparkSession

remote, table = sys.argv[1:]
session = SparkSession.builder.remote(remote).getOrCreate()
frame = session.sql(table) if table.startswith("SELECT") else session.table(table)
used = time.process_time()
began = time.monotonic()
result = frame.toArrow()
seconds = time.monotonic() - began
print(
    json.dumps(
        {
            "rows": result.num_rows,
            "bytes": 0,
            "seconds": seconds,
            "first_ms": seconds * 1000,
            "cpu": time.process_time() - used,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
        }
    ),
    flush=True,
)
