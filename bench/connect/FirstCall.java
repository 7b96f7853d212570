// Opens a session with the JVM client and reads a setting: java FirstCall REMOTE.
import org.apache.spark.sql.connect.SparkSession;

public class FirstCall {
  public static void main(String[] arguments) throws Exception {
    var spark = SparkSession.builder().remote(arguments[0]).getOrCreate();
    spark.conf().get("spark.sql.session.timeZone");
    System.out.println("answered");
    System.in.read();  // until it has been looked at
    Runtime.getRuntime().halt(0);
  }
}
