const half = (whole: number): number => whole / ;
