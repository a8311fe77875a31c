# bench/request/plots.gp -- the plots of a report, from the .dat files that report.awk leaves here.
set terminal svg size 760,340 font "sans,11" noenhanced background rgb "white"
set datafile missing "?"
set key outside right top
set grid ytics
set style data linespoints
set bmargin 4

set output "rates.svg"
set multiplot layout 1,2 title "/bin/true through the server against the bare command: rate ratio"
set yrange [0:*]
set xrange [-0.1:*]
set lmargin at screen 0.07
set rmargin at screen 0.38
set xlabel "requests at once"
set key off
set title "one core"
columns = int(system("awk 'NR == 1 { print NF }' rates-one.dat"))
plot for [i=2:columns] "rates-one.dat" using 0:i:xtic(1) title columnheader(i) pt 7 ps 0.5 lw 1.5
set key at screen 0.99, 0.86 right top
set lmargin at screen 0.45
set rmargin at screen 0.76
set title "all cores"
columns = int(system("awk 'NR == 1 { print NF }' rates-all.dat"))
plot for [i=2:columns] "rates-all.dat" using 0:i:xtic(1) title columnheader(i) pt 7 ps 0.5 lw 1.5
unset multiplot
set key outside right top
set lmargin
set rmargin
set xrange [*:*]

set style data histogram
set style histogram clustered gap 1
set style fill solid 0.8 noborder
set xlabel
set title
set xtics rotate by -25
set bmargin 5

set output "latency.svg"
set title "/bin/true, 16 at once, one core: latency in ms"
plot for [i=2:3] "latency.dat" using i:xtic(1) title columnheader(i)

set output "memory.svg"
set logscale y
set yrange [0.1:*]
set title "PSS in MB, without commands"
plot for [i=2:4] "memory.dat" using i:xtic(1) title columnheader(i)
