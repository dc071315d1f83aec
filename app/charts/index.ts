/** Pictures that know nothing of models: numbers in, marks out. */
export { Bars, type Bar, type BarsProps } from './Bars.tsx';
export { CellGrid, type CellGridProps } from './CellGrid.tsx';
export { csv } from './export/csv.ts';
export { saveFile, savePng } from './export/save.ts';
export { barsSvg, matrixSvg, type BarsPicture, type MatrixPicture } from './export/svg.ts';
export { Heatmap, type Cell, type HeatmapProps } from './Heatmap.tsx';
export { Histogram, type HistogramProps } from './Histogram.tsx';
export { Legend, type LegendProps } from './Legend.tsx';
export { LineChart, type LineChartProps } from './LineChart.tsx';
export { MiniMatrix, type MiniMatrixProps } from './MiniMatrix.tsx';
export { signedColour, stripColour, textOn, unsignedColour, type Scheme } from './scales/colour.ts';
export { useScheme } from './scheme.ts';
export { SparkCells, type SparkCellsProps } from './SparkCells.tsx';
