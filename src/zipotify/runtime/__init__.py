"""What stages need of the machine, and no stage owns: jars, a JDK, ports and child processes."""
