// The order is the cascade: the kit first, then what makes it ours.
import '@patternfly/react-core/dist/styles/base.css';
import './theme.css';
