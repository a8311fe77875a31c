dist_man_MANS += %D%/cmon.8
dist_man_MANS += %D%/cmon.conf.5
