// A program of the JVM client that waits for N queries, a thread each: java Client.java REMOTE COUNT.
//
// It takes the commands of bench_peers on its standard input and answers each with a line of JSON.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.sql.connect.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.Trigger;

public class Client {
  record End(long time, String how) {}

  static final List<StreamingQuery> queries = new ArrayList<>();
  static final Map<String, End> ends = new ConcurrentHashMap<>();
  static SparkSession spark;
  static int count;

  public static void main(String[] arguments) throws Exception {
    spark = SparkSession.builder().remote(arguments[0]).getOrCreate();
    count = Integer.parseInt(arguments[1]);
    var in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      var words = line.split(" ");
      int number = words.length > 1 ? Integer.parseInt(words[1]) : 0;
      System.out.println(switch (words[0]) {
        case "start" -> start();
        case "status" -> status(number);
        case "stop" -> stop(number);
        default -> lost(number);
      });
    }
    Runtime.getRuntime().halt(0);  // threads that still wait are of no interest
  }

  static String start() throws Exception {
    long began = System.nanoTime();
    var runIds = new HashSet<String>();
    for (int i = 0; i < count; ++i) {
      var query = spark.readStream().format("rate").load().writeStream().format("noop")
          .trigger(Trigger.ProcessingTime("10 minutes")).start();
      queries.add(query);
      runIds.add(query.runId().toString());
      var waiting = new Thread(() -> {
        var how = "ended";
        try {
          query.awaitTermination();
        } catch (Throwable problem) {
          how = problem.getClass().getSimpleName();
        }
        ends.put(query.runId().toString(), new End(System.nanoTime(), how));
      });
      waiting.setDaemon(true);
      waiting.start();
    }
    return "{\"seconds\": " + (System.nanoTime() - began) / 1e9 + ", \"run_ids\": " + runIds.size() + "}";
  }

  static String status(int calls) {
    var times = new ArrayList<Double>();
    for (int i = 0; i < calls; ++i) {
      long began = System.nanoTime();
      queries.get(i % queries.size()).status();
      times.add((System.nanoTime() - began) / 1e6);
    }
    return "{\"ms\": " + times + "}";
  }

  static String stop(int number) throws Exception {
    var stops = new ArrayList<Double>();
    var delays = new ArrayList<Double>();
    for (int i = 0; i < number; ++i) {
      var query = queries.remove(queries.size() - 1);
      long began = System.nanoTime();
      query.stop();
      long done = System.nanoTime();
      stops.add((done - began) / 1e6);
      var id = query.runId().toString();
      while (!ends.containsKey(id) && System.nanoTime() - done < 30e9) Thread.sleep(2);
      delays.add(ends.containsKey(id) ? (ends.get(id).time() - done) / 1e6 : 30000.0);
    }
    return "{\"stop_ms\": " + stops + ", \"delay_ms\": " + delays + "}";
  }

  // What is known of the queries, which are gone with their server.
  static String lost(int seconds) throws Exception {
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    while (!queries.stream().allMatch(query -> ends.containsKey(query.runId().toString()))
        && System.nanoTime() < end) {
      Thread.sleep(10);
    }
    var counts = new TreeMap<String, Integer>();
    for (var query : queries) {
      var known = ends.get(query.runId().toString());
      counts.merge(known == null ? "still waits" : known.how(), 1, Integer::sum);
    }
    var text = new ArrayList<String>();
    counts.forEach((how, number) -> text.add("\"" + how + "\": " + number));
    return "{" + String.join(", ", text) + "}";
  }
}
