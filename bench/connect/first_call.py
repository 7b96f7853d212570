"""Opens a session with PySpark Connect and reads a setting: first_call.py REMOTE."""
import sys

from pyspark.sql import SparkSession

session = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
session.conf.get("spark.sql.session.timeZone")
print("answered", flush=True)
sys.stdin.read()  # until it has been looked at
