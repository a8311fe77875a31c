# nginx/local.mk -- configuration for the web servers people run, installed as examples
examplesdir = $(docdir)/examples
dist_examples_DATA = \
	%D%/Caddyfile \
	%D%/apache-proxy-fcgi.conf \
	%D%/cmon.conf \
	%D%/cmon.service \
	%D%/cmon.socket \
	%D%/h2o.conf \
	%D%/lighttpd.conf \
	%D%/server.conf.in

sharedhostingdir = $(examplesdir)/shared-hosting
dist_sharedhosting_DATA = \
	%D%/shared-hosting/.htaccess \
	%D%/shared-hosting/README.md

EXTRA_DIST += .ci/lib.sh quickstart
