# bench/alloc/plots.gp -- the plots of a report, from the .dat files that report.awk leaves here.
set terminal svg size 760,340 font "sans,11" noenhanced background rgb "white"
set datafile missing "?"
set key outside right top
set grid ytics
set style data linespoints
set bmargin 4
# As many colours as contenders: gnuplot has eight.
set linetype 1 lc rgb "#d62728"
set linetype 2 lc rgb "#ff9896"
set linetype 3 lc rgb "#9467bd"
set linetype 4 lc rgb "#1f77b4"
set linetype 5 lc rgb "#2ca02c"
set linetype 6 lc rgb "#ff7f0e"
set linetype 7 lc rgb "#17becf"
set linetype 8 lc rgb "#000000"
set linetype 9 lc rgb "#8c564b"
set linetype 10 lc rgb "#e377c2"
set linetype 11 lc rgb "#7f7f7f"

count(file) = int(system("awk 'NF == 1' " . file . " | wc -l"))
columns(file) = int(system("awk 'NR == 1 { print NF }' " . file))

set output "latency.svg"
set title "time of a request, one thread: ns by quantile"
set logscale xy
set xtics ("50 %%" 2, "90 %%" 10, "95 %%" 20, "99 %%" 100, "99.9 %%" 1000)
plot for [i=0:count("latency.dat")-1] "latency.dat" index i using 1:2 title columnheader(1) pt 7 ps 0.4 lw 1.5
unset logscale

set output "threads.svg"
set multiplot layout 1,2 title "throughput by threads: millions a second"
set yrange [0:*]
set xrange [-0.2:2.2]
set xtics auto
set xlabel "threads"
set key off
set lmargin at screen 0.07
set rmargin at screen 0.40
set title "requests"
plot for [i=2:columns("threads-request.dat")] "threads-request.dat" using 0:(column(i)/1e6):xtic(1) title columnheader(i) pt 7 ps 0.5 lw 1.5
set key at screen 0.99, 0.86 right top
set lmargin at screen 0.47
set rmargin at screen 0.80
set title "256 KiB, untouched"
plot for [i=2:columns("threads-pool.dat")] "threads-pool.dat" using 0:(column(i)/1e6):xtic(1) title columnheader(i) pt 7 ps 0.5 lw 1.5
unset multiplot

set output "chunks.svg"
set multiplot layout 1,2 title "99 % full: ns to give a block of five chunks back and take one"
set logscale xy
set autoscale
set xrange [700:1.4e6]
set xtics ("10^3" 1e3, "10^4" 1e4, "10^5" 1e5, "10^6" 1e6)
set xlabel "chunks"
set key off
set lmargin at screen 0.09
set rmargin at screen 0.41
set title "always the last block"
plot for [i=2:columns("chunks-search.dat")] "chunks-search.dat" using 1:i title columnheader(i) pt 7 ps 0.5 lw 1.5
set key at screen 0.99, 0.86 right top
set lmargin at screen 0.48
set rmargin at screen 0.80
set title "any block at random"
plot for [i=2:columns("chunks-random.dat")] "chunks-random.dat" using 1:i title columnheader(i) pt 7 ps 0.5 lw 1.5
unset multiplot

unset logscale
set autoscale
set output "rss.svg"
set lmargin
set rmargin
set key outside right top
set style data lines
set xtics auto
set xlabel "of the run, %"
set title "fragmentation: resident MiB over time"
plot "rss.dat" index 0 using 1:2 title "alive" lw 2 lc rgb "black", \
    for [i=0:count("rss.dat")-1] "rss.dat" index i using 1:3 title columnheader(1) lw 1.5
