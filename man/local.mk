dist_man_MANS += %D%/cmon.8
